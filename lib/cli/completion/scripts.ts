/**
 * What the shells run at Tab. They ask `elf-plugin completion --at N -- WORDS`, which knows commands, options and symbols, so that what they complete is what
 * this version has. Its answer: a line each for what may stand there, or `:files`, for what only the shell can complete.
 */
export const SCRIPTS: Readonly<Record<string, string>> = {
  // COMP_WORDS are cut at COMP_WORDBREAKS, within a word too; what is inserted replaces the part behind the last cut (bash(1), "Programmable Completion").
  bash: `_elf_plugin() {
  local cur=\${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "\${cur#[\\"\\']}")
    else
      COMPREPLY+=("$line")
    fi
  done < <("\${COMP_WORDS[0]}" completion --at "$COMP_CWORD" -- "\${COMP_WORDS[@]}" 2>/dev/null)
  # An expression goes on behind the name. Behind the only match bash closes a quote: so there are two.
  if [[ \${COMP_WORDS[1]} == call && $cur != -* ]]; then
    compopt -o nospace
    [[ $cur == [\\"\\']* && \${#COMPREPLY[@]} == 1 ]] && COMPREPLY+=("\${COMPREPLY[0]} ")
  fi
  return 0
}
complete -F _elf_plugin elf-plugin
`,
  zsh: `#compdef elf-plugin
_elf_plugin() {
  local -a found
  found=("\${(@f)$("\${(Q)words[1]}" completion --at $((CURRENT - 1)) -- "\${words[@]}" 2>/dev/null)}")
  if [[ $found[1] == :files ]]; then
    _files
  elif [[ $words[2] == call && $PREFIX != -* ]]; then
    compadd -S '' -a found
  elif [[ -n $found[1] ]]; then
    compadd -a found
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u }
compdef _elf_plugin elf-plugin
`,
};
