#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/support/fakepostconf.h"

static const char script[] =
    "#!/bin/sh\n"
    "dir=${0%/*}\n"
    "if [ -s \"$dir/left\" ]; then\n"
    "	read -r n signal <\"$dir/left\"\n"
    "	printf '%s %s\\n' \"$((n - 1))\" \"$signal\" >\"$dir/left\"\n"
    "	[ \"$n\" -gt 0 ] || rm \"$dir/left\"\n"
    "	[ \"$n\" -gt 0 ] || kill -\"$signal\" \"$PPID\"\n"
    "fi\n"
    "if [ \"${0##*/}\" = postfix ]; then\n"
    "	case $* in\n"
    "	*status) [ -e \"$dir/running\" ] ;;\n"
    "	*check) [ ! -e \"$dir/bad\" ] ;;\n"
    "	*reload) [ ! -e \"$dir/stuck\" ] && echo >>\"$dir/reloaded\" ;;\n"
    "	esac\n"
    "	exit\n"
    "fi\n"
    "[ \"$1\" != -c ] || { dir=$2; shift 2; }\n"
    "[ \"$1\" != -o ] || { set=$2; shift 2; }\n"
    "option=$1 word=${2-}\n"
    "value() {\n" /* -> v; no program is started, for speed */
    "	case ${set-} in \"$1=\"*) v=${set#*=}; return ;; esac\n"
    "	for file in main.cf main.cf.default; do\n"
    "		while IFS= read -r line; do\n"
    "			case $line in \"$1 =\"*)\n"
    "				v=${line#\"$1 =\"} v=${v# }\n"
    "				return ;;\n"
    "			esac\n"
    "		done <\"$dir/$file\"\n"
    "	done\n"
    "	v=\n"
    "	return 1\n"
    "}\n"
    "case $option in\n"
    "-h | -xh)\n"
    "	value \"$word\" || {\n"
    "		echo \"postconf: warning: $word: unknown parameter\" >&2\n"
    "		exit 0\n"
    "	}\n"
    "	case $option$v in\n"
    "	-xh*'$'config_directory*)\n"
    "		text=$v\n"
    "		value config_directory\n"
    "		v=${text%%'$'*}$v${text#*y} ;;\n"
    "	-xh\\$*) value \"${v#?}\" ;;\n"
    "	esac\n"
    "	printf '%s\\n' \"$v\" ;;\n"
    "-Mx)\n"
    "	while read -r entry; do\n"
    "		case $entry in *' -o '*=\\$*) ;;\n"
    "		*) printf '%s\\n' \"$entry\"; continue ;; esac\n"
    "		head=${entry%%=\\$*} rest=${entry#*=\\$}\n"
    "		name=${rest%%[!a-z_]*}\n"
    "		value \"$name\"\n"
    "		printf '%s {%s=%s}%s\\n' \"${head% *}\" \\\n"
    "		    \"${head##* }\" \"$v\" \"${rest#\"$name\"}\"\n"
    "	done <\"$dir/master.cf\" ;;\n"
    "-n) grep \"^$word =\" \"$dir/main.cf\" || true ;;\n"
    "-M)\n"
    "	case $word in\n"
    "	*=*) printf '%s\\n' \"${word#*=}\" >>\"$dir/master.cf\" ;;\n"
    "	?*) grep \"^${word%/*} ${word#*/} \" \"$dir/master.cf\" || true ;;\n"
    "	*) cat \"$dir/master.cf\" ;;\n"
    "	esac ;;\n"
    "-e)\n"
    "	sed -i \"/^${word%% =*} =/d\" \"$dir/main.cf\"\n"
    "	printf '%s\\n' \"$word\" >>\"$dir/main.cf\" ;;\n"
    "*)\n"
    "	echo \"fakepostconf: what is $option?\" >&2\n"
    "	exit 1 ;;\n"
    "esac\n";

static void
program(const struct tmpdir *d, const char *name)
{
	char path[TMPDIR_PATH_MAX];

	tmpdir_write(d, name, script);
	if (chmod(tmpdir_file(d, name, path), 0755) != 0)
		abort();
}

void
fakepostconf_make(const struct tmpdir *d, const char *main_cf,
    const char *defaults, const char *master_cf)
{
	char search[TMPDIR_PATH_MAX + 40];

	program(d, "postconf");
	program(d, "postfix");
	tmpdir_write(d, "main.cf", main_cf);
	tmpdir_write(d, "main.cf.default", defaults);
	tmpdir_write(d, "master.cf", master_cf);
	snprintf(search, sizeof search, "%s:/usr/bin:/bin", d->path);
	if (setenv("PATH", search, 1) != 0)
		abort();
}
