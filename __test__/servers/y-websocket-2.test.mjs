import { serverSuite } from './suite.mjs'

await serverSuite('y-websocket 2')
