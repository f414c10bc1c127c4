/**
 * `cargo check` for Windows with the MSVC target: Rust is compiled without linking. There is no C compiler for this target
 * here, so SQLite and ring's C code are not compiled: programs in place of the compiler and the archiver write empty files.
 */
import fs from 'node:fs'
import path from 'node:path'
import { unoptimized } from '../build.mjs'
import { ROOT } from '../tools.mjs'
import { succeed } from '../quiet.mjs'

/** Creates the file that `-Fofile`, `-out:file`, `-o file` or, for ar, the first name after the command, asks for. */
const IN_PLACE_OF_A_COMPILER = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    -Fo*) : > "\${1#-Fo}" ;;
    -out:*) : > "\${1#-out:}" ;;
    -o) shift; : > "$1" ;;
    *.lib | *.a) : > "$1" ;;
  esac
  shift
done
`

/** Checks that the addon compiles for a target of Windows. */
export const check = async (cache, target, env) => {
  const compiler = path.join(cache, 'no-compiler')
  fs.writeFileSync(compiler, IN_PLACE_OF_A_COMPILER, { mode: 0o755 })
  const suffix = target.replaceAll('-', '_')
  await succeed('cargo', ['check', '--lib', '--locked', '--quiet', '--target', target, ...unoptimized()], {
    cwd: ROOT,
    limitMs: 0,
    env: { ...env, [`CC_${suffix}`]: compiler, [`AR_${suffix}`]: compiler, CRATE_CC_NO_DEFAULTS: '1' }
  })
  return 'the Rust code compiles; the C code is not compiled'
}
