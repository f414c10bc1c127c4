import js from '@eslint/js'
import node from 'eslint-plugin-n'
import globals from 'globals'

export default [
  {
    ignores: ['target/', 'node_modules/', '**/dist/', '__test__/types/', '**/*.d.ts', '**/*.d.mts', '**/*.ts']
  },
  js.configs.recommended,
  {
    languageOptions: { globals: globals.node },
    plugins: { n: node },
    rules: {
      'eqeqeq': ['error', 'always', { null: 'ignore' }],
      'no-console': 'off',
      'no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'no-var': 'error',
      'no-control-regex': 'off',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'n/prefer-node-protocol': 'error'
    }
  },
  { files: ['lib/**', 'entries/**', 'index.*'], rules: { 'no-console': 'error' } },
  {
    files: ['**/*.cjs', 'lib/**/*.js', 'examples/testrun/testrun.js'],
    languageOptions: { sourceType: 'commonjs' }
  },
  // These files run in a browser, or pass functions to one.
  {
    files: ['examples/demo/**', '__test__/examples/{browser,editor*}.mjs'],
    languageOptions: { globals: { ...globals.browser, ...globals.node } }
  }
]
