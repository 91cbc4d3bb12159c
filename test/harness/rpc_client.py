"""A client of the service's socket that is not muster's: hello, snapshot, subscribe, invoke, and what comes unasked.

python3 rpc_client.py SOCKET TARGET
"""
import json
import socket
import sys

connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
connection.connect(sys.argv[1])
stream = connection.makefile("rwb")
unasked = []


def ask(number, method, **params):
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    stream.write(json.dumps(message).encode() + b"\n")
    stream.flush()
    while True:
        answer = json.loads(stream.readline())
        if answer.get("id") == number:
            return answer["result"]
        unasked.append(answer)


hello = ask(1, "hello")
snapshot = ask(2, "snapshot", kinds=["daemons"])
subscription = ask(3, "subscribe", kinds=["daemons"])["subscription"]
request = {"action": "daemon.start", "targets": [{"id": sys.argv[2]}], "requestId": "from-python"}
report = ask(4, "invoke", request=request)
while not any(given["method"] == "change" for given in unasked):
    unasked.append(json.loads(stream.readline()))

print(json.dumps({
    "protocol": hello["protocol"],
    "before": [item["state"] for item in snapshot["shelves"]["daemons"]["items"]],
    "subscription": subscription,
    "report": report,
    "unasked": unasked,
}))
