# bash completion for sandboxify.

_sandboxify_groups='@aio @basic-io @chown @clock @cpu-emulation @debug @default @file-system
	@io-event @ipc @keyring @known @memlock @module @mount @network-io @obsolete @pkey @privileged
	@process @raw-io @reboot @resources @sandbox @setuid @signal @swap @sync @system-service @timer'

# The words up to the cursor, split at blanks alone: bash splits at ":" and "@", too.
_sandboxify_words()
{
	local line=${COMP_LINE:0:COMP_POINT}
	read -ra words <<<"$line"
	case $line in
	*[[:blank:]]) words+=('') ;;
	esac
}

# The last item of a list: groups, with or without "!".
_sandboxify_list()
{
	local list=$1 before= item breaks=${COMP_WORDBREAKS//@} kept=
	# What readline keeps: everything up to the last break character, or an opening quote. It
	# replaces an "@", though that is a break character, too.
	case $list in
	[\'\"]*) list=${list:1} ;;
	*) kept=${list%"${list##*[$breaks]}"} ;;
	esac
	case $list in
	*:*) before=${list%:*}: ;;
	esac
	item=${list#"$before"}
	case $item in
	!*) before+=! item=${item#!} ;;
	esac
	COMPREPLY=($(compgen -P "$before" -W "$_sandboxify_groups" -- "$item"))
	COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

_sandboxify()
{
	local at=1 current words
	_sandboxify_words
	COMPREPLY=()
	current=${words[-1]}
	while ((at < ${#words[@]} - 1)); do
		case ${words[at]} in
		--allow | --deny | --policy | --arch | --default-action | --method | --compiler | --at | \
			--learn | --generalise | --assume | --report | --report-format) ((at += 2)) ;;
		-?*) [ "${words[at]}" = -- ] && return
			((at++)) ;;
		# The program: what follows is its own.
		*) return ;;
		esac
	done
	case ${words[-2]} in
	--allow | --deny)
		_sandboxify_list "$current" ;;
	--policy | --learn | --report)
		COMPREPLY=($(compgen -f -- "$current")) ;;
	--arch)
		COMPREPLY=($(compgen -W 'x86 arm' -- "$current")) ;;
	--default-action)
		COMPREPLY=($(compgen -W 'kill_process kill_thread trap log EPERM EACCES ENOSYS' -- "$current")) ;;
	--method)
		COMPREPLY=($(compgen -W 'auto suspend ticket inject preload' -- "$current")) ;;
	--compiler)
		COMPREPLY=($(compgen -W 'native libseccomp' -- "$current")) ;;
	--at)
		COMPREPLY=($(compgen -W 'exec entry main' -- "$current")) ;;
	--generalise)
		COMPREPLY=($(compgen -W 'none values calls' -- "$current")) ;;
	--report-format)
		COMPREPLY=($(compgen -W 'text json oz oz-wiki' -- "$current")) ;;
	*)
		case $current in
		-*) COMPREPLY=($(compgen -W '--allow --deny --policy --arch --default-action --log --print
			--audit --explain --learn --generalise --assume --report --report-format --every
			--at --method --compiler --isolate --quiet --help --version' -- "$current")) ;;
		*) COMPREPLY=($(compgen -c -- "$current")) ;;
		esac ;;
	esac
}

complete -o default -F _sandboxify sandboxify
