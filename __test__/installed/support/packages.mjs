/** What each suite of `installed/` needs beside y-dynamodb and yjs: the `dependencies` of a package.json. */
import fs from 'node:fs'

const SYSTEM = process.platform === 'win32' ? 'win' : process.platform
const node = version => `npm:node-${SYSTEM}-${process.arch}@${version}`

const { peerDependencies } = JSON.parse(
  fs.readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
)
/** The oldest version that package.json allows. */
const [OLDEST_YJS] = /\d+\.\d+\.\d+/.exec(peerDependencies.yjs)

const TYPESCRIPT = {
  'ts5.4': 'npm:typescript@5.4',
  'ts5.9': 'npm:typescript@5.9',
  'newest-ts': 'npm:typescript@latest',
  '@types/node': '^20.19.0'
}
const NODES = { 'node20': node(20), 'node22': node(22), 'node24': node(24), 'newest-node': node('latest') }

export const PACKAGES = {
  bundlers: {
    'esbuild': 'latest',
    'webpack': 'latest',
    'node-loader': 'latest',
    'vite': 'latest',
    '@vercel/ncc': 'latest',
    '@vercel/nft': 'latest',
    'next': '16',
    'react': 'latest',
    'react-dom': 'latest'
  },
  executables: { ...NODES, esbuild: 'latest', postject: 'latest', bun: 'latest' },
  hocuspocus: {
    'node22': NODES.node22,
    'ts5.9': TYPESCRIPT['ts5.9'],
    '@types/node': TYPESCRIPT['@types/node'],
    '@hocuspocus/server': '4',
    '@hocuspocus/provider': '4'
  },
  runtimes: {
    ...NODES,
    'bun': 'latest',
    'deno': 'latest',
    'jest': 'latest',
    'oldest-yjs': `npm:yjs@${OLDEST_YJS}`
  },
  typescript: TYPESCRIPT
}
