/** Secrets in texts, found by what stands around them or by their own form: passwords, tokens, keys, cookies. */
import { GONE, NAMED, SCHEMES, VALUE } from "./named-secrets.ts";

/** Most texts hold nothing of the kind: they are looked at once, as they will stand in the file. */
const SUSPICIOUS: readonly RegExp[] = [
  /pass|secret|token|cred|auth|cookie|bearer|basic /i,
  /pw|key|pin|otp/i,
  /mysql|mariadb|redis-cli|ldap|curl|ipmitool|snmp|sqlcmd|mosquitto|smbclient|yubico/,
  /AKIA|ASIA|gh[pousr]_|github_pat|glpat-|xox[a-z]-|npm_|AIza|eyJ/,
  /sk-|hf_/,
  /zip[\s"]|7z/,
  /[?&][sckx]/i,
];
const SUSPICIOUS_WORDS = ["://", "$", '"env'] as const;
/** All at one go is quicker in a short text, one by one in a long one. */
const SHORT = 128;
const ANY_SUSPICIOUS = new RegExp([...SUSPICIOUS.map(({ source }) => source), ':\\/\\/|\\$|"env'].join("|"), "i");

/** Options that are secrets with these programs alone. */
const OF_PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(\\bsshpass\\s+-p\\s*)${VALUE}`, "g"), `$1${GONE}`],
  [/(\b(?:mysql|mariadb)[\w-]{0,32}\s(?:.{0,500}\s)?-p)[^\s-]\S*/g, `$1${GONE}`],
  [/(\bcurl\s(?:.{0,500}\s)?(?:-u|--user)[\s=]{0,8}["']?[^\s:"']{0,256}:)[^\s"']+/g, `$1${GONE}`],
  [new RegExp(`(\\bredis-cli\\s(?:.{0,500}\\s)?-a\\s*)${VALUE}`, "g"), `$1${GONE}`],
  [
    new RegExp(
      `(\\b(?:ipmitool|sqlcmd|mosquitto_[ps]ub|zip|unzip|yubico-piv-tool)\\s(?:.{0,500}\\s)?-P\\s*)${VALUE}`,
      "g",
    ),
    `$1${GONE}`,
  ],
  [new RegExp(`(\\bsnmp\\w{1,16}\\s(?:.{0,500}\\s)?-[AXc]\\s*)${VALUE}`, "g"), `$1${GONE}`],
  [/(\b7z[ar]?\s(?:.{0,500}\s)?-p)[^\s-]\S*/g, `$1${GONE}`],
  [/(\bsmbclient\s(?:.{0,500}\s)?(?:-U|--user)[\s=]{0,8}[^\s%]{0,256}%)\S+/g, `$1${GONE}`],
  [new RegExp(`(\\bldap\\w{1,16}\\s(?:.{0,500}\\s)?-w\\s*)${VALUE}`, "g"), `$1${GONE}`],
];

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, GONE],
  [/\b(authorization:\s*(?:Bearer|Basic)\s+)[\w.~+/=-]+/gi, `$1${GONE}`],
  // `Basic authentication` and `basic TCP/IP` are words.
  [/\b([Bb]earer|BEARER|[Bb]asic|BASIC)\s+(?=[\w.~/-]{0,64}[\d=+]|[\w.~/-]{16})[\w.~+/=-]{6,}/g, `$1 ${GONE}`],
  // A header of HTTP goes on to the end of its line, or of what it is quoted in.
  [
    new RegExp(`\\b(authorization:(?!\\s*(?:Bearer|Basic)\\b)\\s*)((?:${SCHEMES})\\s+)?[^"'\\r\\n]+`, "gi"),
    `$1$2${GONE}`,
  ],
  [/\b(cookie:\s*)[^"'\r\n]+/gi, `$1${GONE}`],
  // In a URL: user:password@, a token in the place of a user, and what signs it.
  [/(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]{0,256}):[^\s/]+@/gi, `$1:${GONE}@`],
  [/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[\w.-]{20,256}@/gi, `$1${GONE}@`],
  [/([?&;](?:sig|signature|key|code|session|sid|x-amz-signature|pin-value)=)[^\s&"']+/gi, `$1${GONE}`],
  ...NAMED,
  ...OF_PROGRAMS,
  // What crypt(3) makes of a password.
  [/\$(?:[1567y]|2[abxy]|gy|argon2\w{1,2})\$[\w./$=,+-]{10,}/g, GONE],
  // Keys that tell what they are by their form.
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, GONE],
  [/\b(?:gh[pousr]_|github_pat_|npm_|hf_)\w{20,}/g, GONE],
  [/\b(?:glpat-|xox[a-z]-|sk-)[\w-]{16,}/g, GONE],
  [/\bAIza[\w-]{35}/g, GONE],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, GONE],
];

export function mayHoldSecrets(text: string): boolean {
  if (text.length < SHORT) return ANY_SUSPICIOUS.test(text);
  return SUSPICIOUS_WORDS.some((each) => text.includes(each)) || SUSPICIOUS.some((each) => each.test(text));
}

export function withoutSecrets(text: string): string {
  if (!mayHoldSecrets(text)) return text;
  let result = text;
  for (const [found, instead] of SECRETS) result = result.replace(found, instead);
  return result;
}

/** A blank to a pattern, and in no argument. */
const BETWEEN = "\u2003";

/** Of arguments as a list: what is a secret because of the program before it. */
export function withoutSecretArguments(argv: readonly string[]): readonly string[] {
  const line = argv.join(BETWEEN);
  if (!mayHoldSecrets(line)) return argv;
  let result = line;
  for (const [found, instead] of OF_PROGRAMS) result = result.replace(found, instead);
  if (result === line) return argv;
  const left = result.split(BETWEEN);
  return left.length === argv.length ? left : [argv[0] ?? "", GONE];
}
