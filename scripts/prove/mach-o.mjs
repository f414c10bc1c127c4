/**
 * Reads the load commands of a library of macOS: Apple's "OS X ABI Mach-O File Format Reference", and `mach-o/loader.h` of
 * its SDK.
 */
import fs from 'node:fs'

const MAGIC_64 = 0xfeedfacf
const DYLIB = 6
const HEADER_BYTES = 32
const CPUS = { 0x01000007: 'x64', 0x0100000c: 'arm64' }
const ID_DYLIB = 0x0d
const RPATH = 0x8000001c
/** LOAD_DYLIB, LOAD_WEAK_DYLIB, REEXPORT_DYLIB, LAZY_LOAD_DYLIB, LOAD_UPWARD_DYLIB. */
const LOADS = [0x0c, 0x80000018, 0x8000001f, 0x20, 0x80000023]

const commandsOf = bytes => {
  const commands = []
  let at = HEADER_BYTES
  for (let n = bytes.readUInt32LE(16); n > 0; n--) {
    const size = bytes.readUInt32LE(at + 4)
    commands.push({ type: bytes.readUInt32LE(at), content: bytes.subarray(at, at + size) })
    at += size
  }
  return commands
}

/** The text to which the third word of a command points. */
const textOf = ({ content }) => {
  const text = content.subarray(content.readUInt32LE(8))
  const end = text.indexOf(0)
  return text.toString('utf8', 0, end === -1 ? undefined : end)
}

/**
 * Returns `{ cpu, name, libraries, searched }`: the processor, the library's own name, the libraries that it loads, and the
 * folders in which it searches for them.
 */
const readLibrary = file => {
  const bytes = fs.readFileSync(file)
  if (bytes.readUInt32LE(0) !== MAGIC_64 || bytes.readUInt32LE(12) !== DYLIB)
    throw new Error('it is no 64-bit library of macOS')
  const commands = commandsOf(bytes)
  const ofType = (...types) => commands.filter(({ type }) => types.includes(type))
  const [id] = ofType(ID_DYLIB)
  return {
    cpu: CPUS[bytes.readUInt32LE(4)],
    name: id && textOf(id),
    libraries: ofType(...LOADS).map(textOf),
    searched: ofType(RPATH).map(textOf)
  }
}

/**
 * Checks that a library loads on any Mac with that processor. Returns what it needs, as text.
 *
 * @throws {Error} if its name is not relative, if it loads anything but macOS's own libraries, or if it searches for them
 */
export const requireMovable = (file, cpu) => {
  const library = readLibrary(file)
  if (library.cpu !== cpu) throw new Error(`the library is for ${library.cpu}, not for ${cpu}`)
  if (!library.name?.startsWith('@rpath/'))
    throw new Error(`the install name of the library is ${library.name}`)
  const foreign = library.libraries.filter(name => !/^\/(usr\/lib|System\/Library)\//.test(name))
  if (foreign.length > 0) throw new Error(`the library loads ${foreign.join(', ')}`)
  if (library.searched.length > 0) throw new Error(`the library searches in ${library.searched.join(', ')}`)
  return `loads ${library.libraries.join(', ')}`
}
