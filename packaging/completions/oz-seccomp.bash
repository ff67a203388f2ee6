# bash completion for oz-seccomp and oz-seccomp-tracer.

# Completes one program: $1 are its options, $2 those of them that a value follows as a word.
_oz_seccomp_words()
{
	local options=$1 valued=" $2 " at=1 current=${COMP_WORDS[COMP_CWORD]}
	COMPREPLY=()
	while ((at < COMP_CWORD)); do
		case ${COMP_WORDS[at]} in
		--) return ;;
		-?*) case $valued in
			*" ${COMP_WORDS[at]} "*) ((at += 2)) ;;
			*) ((at++)) ;;
			esac ;;
		# The program: what follows is its own.
		*) return ;;
		esac
	done
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-mode) COMPREPLY=($(compgen -W 'whitelist blacklist train' -- "$current")) ;;
	--format) COMPREPLY=($(compgen -W 'oz oz-wiki' -- "$current")) ;;
	-profile | -policy | --profile | --output | -[advxNr]*[op] | -[op])
		COMPREPLY=($(compgen -f -- "$current")) ;;
	*)
		case $current in
		-*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
		*) COMPREPLY=($(compgen -c -- "$current")) ;;
		esac ;;
	esac
}

_oz_seccomp()
{
	_oz_seccomp_words '-mode -profile -policy -allow-new-privs -help -version' '-mode -profile -policy'
}

_oz_seccomp_tracer()
{
	_oz_seccomp_words '--run --profile --output --vtrain --verbose --debug --allow-new-privs --append
		--format --help --version' '--profile --output --format -p -o'
}

complete -o default -F _oz_seccomp oz-seccomp
complete -o default -F _oz_seccomp_tracer oz-seccomp-tracer
