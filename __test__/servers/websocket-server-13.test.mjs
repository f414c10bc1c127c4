import { serverSuite } from './suite.mjs'

await serverSuite('@y/websocket-server 0.1.1')
