/** An npm registry on 127.0.0.1 that has a few packages in one version each. Any other package is unknown to it. */
import fs from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { integrityOf } from '../checksums.mjs'
import { succeed } from '../quiet.mjs'

const manifestOf = async file => JSON.parse(await succeed('tar', ['-xzOf', file, 'package/package.json']))

/**
 * Starts the registry. Resolves with `{ url, close }`.
 *
 * @param files the packages, as `npm pack` writes them
 */
export const startRegistry = async files => {
  const packages = new Map()
  const tarballs = new Map()
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url.slice(1))
    const tarball = tarballs.get(name)
    if (tarball) return fs.createReadStream(tarball).pipe(response)
    const found = packages.get(name)
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? { error: `${name} is not in this registry` }))
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}/`
  for (const file of files) {
    const manifest = await manifestOf(file)
    const { name, version } = manifest
    const tarball = `tarballs/${path.basename(file)}`
    const dist = { tarball: url + tarball, integrity: integrityOf(file) }
    tarballs.set(tarball, file)
    packages.set(name, {
      name,
      'dist-tags': { latest: version },
      'versions': { [version]: { ...manifest, dist } }
    })
  }
  return {
    url,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
