/** Secrets in texts, found by what stands before them or by their own form: passwords, tokens, keys, cookies. */

export const GONE = "[redacted]";

/** Alone, or as the last part of a name: DB_PASS, --db-pw; not as a part of another word. */
const SHORT_WORDS = "(?<![a-z])(?:pass|pw|auth|cookie)(?![a-z])|(?<=[a-z0-9][_-])pwd";
const SECRET_WORDS = `passw(?:or)?d|passphrase|secret|token|credential|authorization|(?:api|access|private|account)[_-]?key|${SHORT_WORDS}`;
/** Bounded, so that a hostile text costs no more than its length. */
const TAIL = "[\\w.-]{0,64}";
const FLAG = `--?[\\w.-]{0,64}(?:${SECRET_WORDS})${TAIL}`;
/** As a shell reads a word; what it ends with may be cut off, and its last quotation mark with it. */
const VALUE = `(?:"(?:[^"\\\\]|\\\\.)*(?:["\\\\]|$)|'[^']*(?:'|$)|[^\\s"'])+`;
const SCHEMES = "Bearer|Basic|Digest|Negotiate|NTLM|Token|ApiKey|AWS4-HMAC-SHA256";

/** Most texts hold nothing of the kind: they are looked at once, as they will stand in the file. */
const SUSPICIOUS =
  /pass|pwd|pw|secret|token|credential|auth|key|cookie|:\/\/|[?&]s|bearer|basic |mysql|mariadb|redis-cli|ldap|curl|akia|asia|gh[pousr]_|github_pat|glpat|xox|sk-|npm_|hf_|aiza|eyj|"env/i;

/** Options that are secrets with these programs alone. */
const OF_PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(\\bsshpass\\s+-p\\s*)${VALUE}`, "g"), `$1${GONE}`],
  [/(\b(?:mysql|mariadb)[\w-]{0,32}\s(?:.{0,500}\s)?-p)[^\s-]\S*/g, `$1${GONE}`],
  [/(\bcurl\s(?:.{0,500}\s)?(?:-u|--user)[\s=]{0,8}["']?[^\s:"']{0,256}:)[^\s"']+/g, `$1${GONE}`],
  [new RegExp(`(\\bredis-cli\\s(?:.{0,500}\\s)?-a\\s*)${VALUE}`, "g"), `$1${GONE}`],
  [new RegExp(`(\\bldap\\w{1,16}\\s(?:.{0,500}\\s)?-w\\s*)${VALUE}`, "g"), `$1${GONE}`],
];

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, GONE],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${GONE}`],
  // A header of HTTP goes on to the end of its line, or of what it is quoted in.
  [
    new RegExp(`\\b(authorization:(?!\\s*(?:Bearer|Basic)\\b)\\s*)((?:${SCHEMES})\\s+)?[^"'\\r\\n]+`, "gi"),
    `$1$2${GONE}`,
  ],
  [/\b(cookie:\s*)[^"'\r\n]+/gi, `$1${GONE}`],
  // In a URL: user:password@, a token in the place of a user, and what signs it.
  [/(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]{0,256}):[^\s/]+@/gi, `$1:${GONE}@`],
  [/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[\w.-]{20,256}@/gi, `$1${GONE}@`],
  [/([?&](?:sig|signature|key|code|session|sid|x-amz-signature)=)[^\s&"']+/gi, `$1${GONE}`],
  [new RegExp(`(?<![\\w-])(${FLAG})(\\s+)(?!-)${VALUE}`, "gi"), `$1$2${GONE}`],
  [
    new RegExp(`((?:${SECRET_WORDS})${TAIL}["']?)(\\s?=\\s?|:\\s*)(?!\\s*(?:${SCHEMES}|\\[redacted)\\b)${VALUE}`, "gi"),
    `$1$2${GONE}`,
  ],
  ...OF_PROGRAMS,
  // Keys that tell what they are by their form.
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, GONE],
  [/\b(?:gh[pousr]_|github_pat_|npm_|hf_)\w{20,}/g, GONE],
  [/\b(?:glpat-|xox[a-z]-|sk-)[\w-]{16,}/g, GONE],
  [/\bAIza[\w-]{35}/g, GONE],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, GONE],
];
const SECRET_FLAG = new RegExp(`^${FLAG}$`, "i");

export const mayHoldSecrets = (text: string): boolean => SUSPICIOUS.test(text);

export function withoutSecrets(text: string): string {
  if (!mayHoldSecrets(text)) return text;
  let result = text;
  for (const [found, instead] of SECRETS) result = result.replace(found, instead);
  return result;
}

/** What follows it as a word of its own is the secret. */
export const isSecretFlag = (word: string): boolean => SECRET_FLAG.test(word);

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
