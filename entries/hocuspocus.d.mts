export * from './hocuspocus.js'
