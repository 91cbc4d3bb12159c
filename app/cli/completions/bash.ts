/** bash: one function that counts the words and looks at what stands before the cursor. */
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
  verbsOf,
  wordsOf,
} from "./table.ts";

const spelled = (options: readonly OptionSpec[]) => options.map((option) => `--${option.name}`).join(" ");

function wordsText(command: CommandSpec): string {
  const { words, names, areFiles } = wordsOf(command);
  if (areFiles) return "areFiles=1";
  return `words="${names === null ? words.join(" ") : `$(_muster_names ${names.join(" ")})`}"`;
}

export function bash(): string {
  const { valued, paths, choices } = optionValues();
  const cases = named().map(
    (command) => `    "${command.name}") ${wordsText(command)}; options="${spelled(optionsOf(command))}" ;;`,
  );
  const groupCases = groups().map((group) => `    "${group}") words="${verbsOf(group).join(" ")}" ;;`);
  const values = [...choices].map(([option, words]) => `    ${option}) words="${words.join(" ")}"; isValue=1 ;;`);
  // What is assigned with = comes as three words.
  return `# bash completion of muster; made by 'muster completions bash'
${NAMES_FUNCTION}
_muster() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} assigned="" isValue="" areFiles=""
  local name="" words="" options="" count=0 i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --) return ;;
      =) ((i++)) ;;
      ${valued.join("|")}) [[ \${COMP_WORDS[i+1]} == "=" ]] || ((i++)) ;;
      -*) ;;
      *) if ((count < 2)); then name="\${name:+$name }\${COMP_WORDS[i]}"; ((count++)); fi
         ${groups()
           .map((group) => `[[ $name == "${group}"* ]]`)
           .join(" || ")} || count=2 ;;
    esac
  done
  case $name in
    "") words="${firstWords().join(" ")}"; options="${spelled([...ownOptions(), ...GLOBAL_OPTIONS])}" ;;
${groupCases.join("\n")}
${cases.join("\n")}
  esac
  if [[ $current == "=" ]]; then current=""; assigned=1
  elif [[ $before == "=" ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}; assigned=1
  fi
  case $before in
${values.join("\n")}
    ${paths.join("|")}) areFiles=1; isValue=1 ;;
    ${valued.join("|")}) return ;;
    *) if [[ $assigned ]]; then return; fi ;;
  esac
  if [[ $current == -* && ! $isValue ]]; then words=$options; areFiles=""; fi
  if [[ $areFiles ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -F _muster muster
`;
}
