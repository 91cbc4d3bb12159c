/** The publisher: every listener gets the batches in the order in which they became snapshots. */
import { expect, test } from "bun:test";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { Publisher } from "#core/service/publisher.ts";
import { category } from "#test/harness/items.ts";

test("a listener that asks for a snapshot while others wait for theirs brings nobody's changes out of order", () => {
  const publisher = new Publisher("n1", createVirtualClock());
  const item = category("web");
  // As a slow client's backlog does, which reads what is newest before it writes.
  let isAsked = false;
  publisher.subscribe(["categories"], () => {
    if (isAsked) return;
    isAsked = true;
    publisher.publish({ src: "categories", op: "remove", id: item.id, reason: "removed" });
    expect(publisher.snapshot().shelves.categories.items.size).toBe(0);
  });
  const told: string[] = [];
  const seqs: number[] = [];
  publisher.subscribe(["categories"], ({ batch, snapshot }) => {
    told.push(...batch.map(({ op }) => op));
    seqs.push(snapshot.seq);
  });
  publisher.publish({ src: "categories", op: "upsert", item });
  publisher.flush();
  expect(told).toEqual(["upsert", "remove"]);
  expect(seqs).toEqual([1, 2]);
});
