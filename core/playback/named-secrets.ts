/**
 * Secrets that are told by the word before them: `--password x`, `token=x`, `the password is x`, `pin: 1234`. What
 * follows such a word and is none stays: `password: expired`, `max_tokens=512`, `--pin 0-3`.
 */

export const GONE = "[redacted]";

/** Alone, or as the last part of a name: DB_PASS, --db-pw; not as a part of another word. */
const SHORT_WORDS = "(?<![a-z])(?:pass|pw|auth|cookie)(?![a-z])|(?<=[a-z0-9][_-])pwd";
const PASSWORD = "passw(?:or)?d|passphrase|passcode";
const KEY = "(?:api|access|private|account|secret|signing|encryption)[ _-]?key";
const SECRET_WORDS = `${PASSWORD}|secret|token|credential|authorization|${KEY}|${SHORT_WORDS}`;
/** The rest of the name. Bounded and whole, so that a hostile text costs no more than its length. */
const TAIL = "[\\w.-]{0,64}(?![\\w.-])";
const BLANKS = "\\s{1,32}";
const FLAG = `--?[\\w.-]{0,64}(?:${SECRET_WORDS})${TAIL}`;
/** As a shell reads a word; what it ends with may be cut off, and its last quotation mark with it. */
export const VALUE = `(?:"(?:[^"\\\\]|\\\\.)*(?:["\\\\]|$)|'[^']*(?:'|$)|[^\\s"'])+`;
export const SCHEMES = "Bearer|Basic|Digest|Negotiate|NTLM|Token|ApiKey|AWS4-HMAC-SHA256";

/** The end of a sentence, or of a part of it. */
const STOP = "[.,;:!?)\\]}]{0,3}(?:\\s|$)";
const SWITCHED = `["']?(?:yes|no|on|off|true|false|none|null|undefined|enabled|disabled)["']?${STOP}`;
/** What is told of a secret without telling it: a closed list, for a secret may be any other word. */
const STATE =
  "(?:not|expired|invalid|valid|rejected|accepted|required|incorrect|correct|wrong|missing|changed|updated|unchanged|denied|" +
  `failed|failure|success|error|refused|revoked|unknown|unset|empty|ok|okay|unavailable|unsupported|skipped)${STOP}`;
/** `passwd: password updated` */
const SPEAKS = "(?:password|token)\\s(?:\\w{2,20}ed|change|expiry|is|was|has|must|for)\\b";
/** In a sentence more is said of it. */
const TOLD =
  "(?:\\w{2,20}(?:ed|ing|able|ible|ful)|now|still|already|right|stale|good|weak|strong|short|long|different|sent|kept|lost|" +
  `gone|found|read|absent|present|safe|secret|public|private|here|there|fine)${STOP}`;
/** As in a package's name, passwd:amd64. */
const MACHINE = `(?:amd64|arm64|armhf|armel|i386|riscv64|ppc64el|s390x|all|any)${STOP}`;
const IS_NO_SWITCH = `(?!${SWITCHED})`;
const IS_NO_STATE = `(?!${STATE}|${SPEAKS})`;
/** `passwd: password: x`: the last name is the one. */
const IS_NO_NAME = `(?!["']?(?:${SECRET_WORDS})${TAIL}["']?\\s?[:=])`;

/** How many, how long, where: a number, or a path. */
const PLURAL = "(?:token|secret|password|credential|cookie|key)s";
const MEASURES = `(?<=(?:${PLURAL}|[_.-](?:ttl|timeout|size|count|limit|length|len|age|expiry|lifetime|days|min|max))["']?)`;
const PLACES = `(?<=[_.-](?:file|path|dir)["']?)`;
const IS_NO_AMOUNT = `(?!${MEASURES}(?:\\s?[=:]\\s?|${BLANKS})\\d{1,9}[a-z]{0,3}${STOP})`;
const IS_NO_PLACE = `(?!${PLACES}(?:\\s?[=:]\\s?|${BLANKS})[/.~])`;
const IS_ITSELF = IS_NO_AMOUNT + IS_NO_PLACE;

/** What a person would hardly write but as a secret: letters with digits, or with signs that no word has. */
const IS_RANDOM =
  `(?!\\d{1,12}(?:ms|s|mins?|h|d|days?|bits?|bytes?|chars?|[kmg]i?b)${STOP})` +
  "(?=[^(]\\S{3})(?=[^\\s\\d]{0,64}\\d|\\w{0,64}[!@#$%^&*+=~]\\w)(?=[^a-z\\s]{0,64}[a-z])";
const QUOTED = `(?:"(?:[^"\\\\\\r\\n]|\\\\.){1,256}"|'[^'\\r\\n]{1,256}')(?![^\\s,;:.)}\\]])`;
const LINKS = "(?:is(?: now)?|was|are|being|to be|(?:was |is |been )?(?:set|changed|reset) to|->|:=)";
const OF_WHOM = "(?: (?:for|of)(?: user)? [^\\s:=]{1,64})?";

/** Digits, and what only as an option may be something else. */
const PIN = "(?:pin|otp|totp)(?:[ _-]?(?:code|value|number))?";
const PIN_FLAG = `--?(?:[\\w.-]{0,64}[_.-])?${PIN}`;
/** Processors, and where to pin to. */
const NO_PIN = `(?:-|\\d{1,3}(?!\\w)|\\d[\\d,:-]*[,:-]|(?:cores?|threads?|sockets?|numa|auto|none|on|off|yes|no|true|false)${STOP})`;

export const NAMED: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(?<![\\w-])(${FLAG})${IS_ITSELF}(${BLANKS})(?!-)${VALUE}`, "gi"), `$1$2${GONE}`],
  [
    // In quotes as JSON has it: what comes behind the value is the next one.
    new RegExp(`((?:${SECRET_WORDS})${TAIL}["'])${IS_ITSELF}(\\s?[:=]\\s{0,8})${IS_NO_SWITCH}${QUOTED}`, "gi"),
    `$1$2"${GONE}"`,
  ],
  [
    new RegExp(
      `((?:${SECRET_WORDS})${TAIL}["']?)${IS_ITSELF}(\\s?(?:=>|=(?!>))\\s?${IS_NO_SWITCH}|:\\s{0,32}${IS_NO_SWITCH}(?!${MACHINE})(?:(?<=:)|${IS_NO_STATE}))(?!\\s?(?:${SCHEMES}|["']?\\[redacted)\\b)${IS_NO_NAME}${VALUE}`,
      "gi",
    ),
    `$1$2${GONE}`,
  ],
  [/(?<![\w-])(pwd\s?[=:]\s?)(?![\s/~.])[^\s;"']+/gi, `$1${GONE}`],
  // In sentences.
  [
    new RegExp(
      `((?<![\\w-])(?:${PASSWORD}|secret|token|${KEY})${OF_WHOM} ${LINKS} )(?:${QUOTED}|${IS_RANDOM}\\S+)`,
      "gi",
    ),
    `$1${GONE}`,
  ],
  [
    new RegExp(
      `((?<![\\w-])(?:${PASSWORD})${OF_WHOM} (?:is|was|(?:(?:is|was|been) )?(?:set|changed|reset) to) )${IS_NO_STATE}(?!${TOLD})[a-z]{4,64}(?=[.!]?$)`,
      "gi",
    ),
    `$1${GONE}`,
  ],
  [new RegExp(`((?<![\\w-])(?:${PASSWORD}) )(?:${QUOTED}|${IS_RANDOM}\\S{5,})`, "gi"), `$1${GONE}`],
  [
    new RegExp(
      `((?<![\\w-])(?:token|secret|credential|${KEY}) )(?=[a-z_+/=]{0,64}\\d)(?=\\d{0,64}[a-z_+/=])[\\w+/=]{16,}`,
      "gi",
    ),
    `$1${GONE}`,
  ],
  [new RegExp(`(?<![\\w-])(${PIN_FLAG})(${BLANKS}|=)(?!${NO_PIN})${VALUE}`, "gi"), `$1$2${GONE}`],
  [new RegExp(`(?<![a-z0-9])(${PIN}(?:\\s?[:=]\\s?| is ))\\d{4,12}(?!\\w|[.-]\\w)`, "gi"), `$1${GONE}`],
  [/\b(PIN )\d{4,12}(?!\w|[.-]\w)/g, `$1${GONE}`],
];

const SECRET_FLAG = new RegExp(`^${FLAG}$`, "i");
const FLAG_OF_PIN = new RegExp(`^${PIN_FLAG}$`, "i");
const NO_VALUE_OF_PIN = new RegExp(`^${NO_PIN}`, "i");
const IS_WHOLE = new RegExp(`^${FLAG}${IS_ITSELF}\\s`, "i");

/** Whether a word of a list is the secret of the one before it. */
export function isSecretAfter(flag: string, value: string): boolean {
  if (value.startsWith("-") || !flag.startsWith("-")) return false;
  if (FLAG_OF_PIN.test(flag)) return !NO_VALUE_OF_PIN.test(value);
  return SECRET_FLAG.test(flag) && IS_WHOLE.test(`${flag} ${value}`);
}

const SECRET_NAME = new RegExp(`(?:${SECRET_WORDS})(?:[_.-](?:value|hash)|[_.-]?\\d)?$`, "i");

/** Of a label: what stands under such a name is a secret. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name);
