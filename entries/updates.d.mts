export * from './updates.js'
