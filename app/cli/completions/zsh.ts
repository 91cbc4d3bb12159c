/** zsh: as for bash, with what each option means. */
import { GLOBAL_OPTIONS } from "../options.ts";
import type { CommandSpec, OptionSpec } from "../specification.ts";
import {
  firstWords,
  groups,
  NAMES_FUNCTION,
  named,
  optionsOf,
  optionValues,
  ownOptions,
  quoted,
  verbsOf,
  wordsOf,
} from "./table.ts";

const described = (options: readonly OptionSpec[]) =>
  options.map(({ name, summary }) => quoted(`--${name}:${summary}`)).join(" ");

function itemsText(command: CommandSpec): string {
  const { words, names, areFiles } = wordsOf(command);
  if (areFiles) return "files=1";
  return `items=(${names === null ? words.join(" ") : `\${(f)"$(_muster_names ${names.join(" ")})"}`})`;
}

export function zsh(): string {
  const { valued, paths, choices } = optionValues();
  const cases = named().map(
    (command) => `    ${quoted(command.name)}) options=(${described(optionsOf(command))}); ${itemsText(command)} ;;`,
  );
  const groupCases = groups().map((group) => `    ${quoted(group)}) items=(${verbsOf(group).join(" ")}) ;;`);
  const values = [...choices].map(([option, words]) => `    ${option}) compadd -- ${words.join(" ")}; return ;;`);
  // \`words\` is the shell's own: what is typed.
  return `#compdef muster
# zsh completion of muster; made by 'muster completions zsh'
${NAMES_FUNCTION}
_muster() {
  local name="" before=\${words[CURRENT-1]} assigned="" files="" i
  local -a options items
  for ((i = 2; i < CURRENT; i++)); do
    case \${words[i]} in
      --) return ;;
      ${valued.join("|")}) ((i++)) ;;
      -*) ;;
      *) case $name in ""|${groups().join("|")}) name="\${name:+$name }\${words[i]}" ;; esac ;;
    esac
  done
  if [[ $PREFIX == --*=* ]]; then before=\${PREFIX%%=*}; assigned=1; compset -P '*='; fi
  case $before in
${values.join("\n")}
    ${paths.join("|")}) _files; return ;;
    ${valued.join("|")}) return ;;
    *) if [[ -n $assigned ]]; then return; fi ;;
  esac
  case $name in
    "") items=(${firstWords().join(" ")}); options=(${described([...ownOptions(), ...GLOBAL_OPTIONS])}) ;;
${groupCases.join("\n")}
${cases.join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then _describe -o option options
  elif [[ -n $files ]]; then _files
  else compadd -a items
  fi
}
# Sourced, or found in fpath and called the first time.
if [[ $funcstack[1] == _muster ]]; then _muster "$@"; else compdef _muster muster; fi
`;
}
