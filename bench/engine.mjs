/**
 * `npm run bench:engine -- [trace] [--check]`: compares the update engine with yjs. Both run in turn in this process.
 *
 * `trace`: a file of updates in the order of the log, which can be gzipped. Before each update is its length, a u32 in
 * little-endian order. Without a file, a synthetic trace similar to the B4 editing trace is used.
 * `--check`: exits with 1 if a goal is missed. Needs a release build of the addon (`npm run build`).
 *
 * Times are medians of the CPU time of the process (user and system), so that other work on the machine has little influence.
 */

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import * as Y from 'yjs'
import { diffUpdate, encodeStateVectorFromUpdate, mergeUpdates, validateUpdate } from '../entries/updates.mjs'
import { printTable, row } from './table.mjs'
import { readTrace, typingTrace } from '../scripts/trace.mjs'

const SELF = fileURLToPath(import.meta.url)
const options = process.argv.slice(2)
const file = options.find(option => !option.startsWith('--'))

/** The CPU time in ms of one call of each side: the median of `rounds`, with `calls` calls in each. */
function time(rounds, calls, ...sides) {
  const samples = sides.map(() => [])
  for (let round = 0; round < rounds; round++) {
    sides.forEach((side, i) => {
      const before = process.cpuUsage()
      for (let n = 0; n < calls; n++) side()
      const { user, system } = process.cpuUsage(before)
      samples[i].push((user + system) / 1_000 / calls)
    })
  }
  return samples.map(list => list.sort((a, b) => a - b)[list.length >> 1])
}

/** The state of a log as yjs computes it: applies all updates in one transaction and encodes the document. */
function yjsState(updates) {
  const doc = new Y.Doc()
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
  return Y.encodeStateAsUpdate(doc)
}

function mergeLog(updates) {
  const bytes = updates.reduce((sum, update) => sum + update.length, 0)
  let ours, theirs
  const [our, their] = time(
    3,
    1,
    () => {
      ours = mergeUpdates(updates)
    },
    () => {
      theirs = yjsState(updates)
    }
  )
  const what = `merge ${count(updates.length)} updates, ${count(bytes)} B`
  return {
    state: ours,
    rows: [
      row(what, { ours: our, theirs: their, goal: { ratio: 8 } }),
      row('  result', {
        ours: ours.length,
        theirs: theirs.length,
        unit: 'B',
        goal: file ? { most: 276_982 } : { ratio: 1 }
      })
    ]
  }
}

function readers(state, updates) {
  const doc = new Y.Doc()
  for (const update of updates.slice(0, updates.length / 2)) Y.applyUpdate(doc, update)
  const half = Y.encodeStateVector(doc)
  const vector = time(
    15,
    20,
    () => encodeStateVectorFromUpdate(state),
    () => Y.encodeStateVectorFromUpdate(state)
  )
  const diff = time(
    15,
    20,
    () => diffUpdate(state, half),
    () => Y.diffUpdate(state, half)
  )
  const [valid] = time(7, 1, () => updates.forEach(update => validateUpdate(update)))
  return [
    row('state vector of the result', { ours: vector[0], theirs: vector[1], goal: { most: 0.5 } }),
    row('diff for a peer with half of the updates', { ours: diff[0], theirs: diff[1], goal: { most: 1 } }),
    row('validate all, one call per update', { ours: valid })
  ]
}

function growth(updates) {
  const sizes = [2_000, 20_000, 200_000].filter(size => size <= updates.length)
  const each = sizes.map(
    size => time(7, 200_000 / size, () => mergeUpdates(updates.slice(0, size)))[0] / size
  )
  return sizes.map((size, i) =>
    row(`merge the first ${count(size)}, per 1,000 updates`, {
      ours: each[i] * 1_000,
      goal: i === 0 ? undefined : { most: each[0] * 1_000 * 1.3 }
    })
  )
}

function largeDocument() {
  const doc = new Y.Doc()
  doc
    .getText('t')
    .insert(0, 'The quick brown fox jumps over the lazy dog. '.repeat(233_017).slice(0, 10 * 2 ** 20))
  const large = Y.encodeStateAsUpdate(doc)
  const before = Y.encodeStateVector(doc)
  doc.getText('t').insert(5_000_000, 'x')
  const small = Y.encodeStateAsUpdate(doc, before)
  const [ours, theirs] = time(
    9,
    1,
    () => mergeUpdates([large, small]),
    () => yjsState([large, small])
  )
  return [row('a text of 10 MB and one keystroke', { ours, theirs, goal: { most: 8 } })]
}

function keystrokes() {
  const doc = new Y.Doc()
  const updates = []
  doc.on('update', update => updates.push(update))
  for (let i = 0; i < 5_100; i++) doc.getText('text').insert(i, 'a')
  const batch = updates.slice(-100)
  const running = merge => () => {
    let state = merge([updates[0]])
    for (let i = 1; i < 5_000; i++) state = merge([state, updates[i]])
  }
  const [ours, theirs] = time(3, 1, running(mergeUpdates), running(Y.mergeUpdates))
  return [
    row('100 keystrokes as one batch', {
      ours: mergeUpdates(batch).length,
      theirs: Y.mergeUpdates(batch).length,
      unit: 'B',
      goal: { most: 150 }
    }),
    row('5,000 keystrokes, each merged into the state', { ours, theirs, goal: { most: 100 } })
  ]
}

/** How far the memory of the process rises above its start, as a multiple of the input. Each side has its own process. */
function memory(bytes) {
  if (process.platform !== 'linux') return []
  const peak = side =>
    Number(
      execFileSync(process.execPath, ['--expose-gc', SELF, ...(file ? [file] : []), `--memory=${side}`], {
        encoding: 'utf8'
      })
    )
  return [
    row('peak memory, times the input', {
      ours: peak('ours') / bytes,
      theirs: peak('yjs') / bytes,
      unit: '×',
      goal: { most: 3 }
    })
  ]
}

function printPeak(side) {
  const updates = trace()
  globalThis.gc()
  // Resets VmHWM, the peak so far.
  fs.writeFileSync('/proc/self/clear_refs', '5')
  const before = status('VmRSS')
  if (side === 'yjs') yjsState(updates)
  else mergeUpdates(updates)
  console.log(status('VmHWM') - before)
}

/** A field of /proc/self/status, in bytes. */
function status(field) {
  return (
    Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(fs.readFileSync('/proc/self/status', 'utf8'))[1])
    * 1_024
  )
}

function trace() {
  return file === undefined ? typingTrace(259_778) : readTrace(file)
}

const count = number => number.toLocaleString('en')

const side = options.find(option => option.startsWith('--memory='))?.slice(9)
if (side !== undefined) {
  printPeak(side)
} else {
  const updates = trace()
  const { state, rows } = mergeLog(updates)
  const bytes = updates.reduce((sum, update) => sum + update.length, 0)
  rows.push(
    ...readers(state, updates),
    ...growth(updates),
    ...largeDocument(),
    ...keystrokes(),
    ...memory(bytes)
  )
  console.log(
    `${os.cpus()[0].model}, Node ${process.version}; ${file === undefined ? 'synthetic trace' : `trace ${file}`}\n`
  )
  const missed = printTable(rows)
  if (options.includes('--check') && missed > 0) process.exitCode = 1
}
