// Lint: what the house style says and a tool can check. Types are checked by tsc, directions by dependency-cruiser.
import tseslint from 'typescript-eslint';

/** Libs that hold decisions: plain data in, plain data out. */
const PURE = ['std', 'meta', 'cel', 'model', 'kinds', 'loops'];
const banned = (name, message) => ({ name, message });

export default tseslint.config(
  { ignores: ['node_modules/**', 'dist/**', 'coverage/**', '.cache/**', 'test/recorded/**', 'test/golden/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/no-require-imports': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'smart'],
      'no-console': 'error',
      'no-debugger': 'error',
      'no-fallthrough': 'error',
      'no-self-compare': 'error',
      'no-throw-literal': 'error',
      'no-unsafe-finally': 'error',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70, skipComments: true, IIFEs: true }],
      'max-depth': ['error', 5],
    },
  },
  {
    files: PURE.map((lib) => `libs/${lib}/src/**/*.ts`),
    ignores: ['**/*.spec.ts', '**/testing/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'process',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'queueMicrotask',
          'performance',
          'crypto',
          'fetch',
          'Buffer',
        ].map((name) => banned(name, 'A pure lib takes time, chance and I/O as arguments.')),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'A pure lib gets `now` as an argument.' },
        { object: 'Math', property: 'random', message: 'A pure lib draws from a Prng that it is given.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'AwaitExpression', message: 'Decisions are synchronous.' },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'A pure lib gets `now` as an argument.',
        },
      ],
      // `regex`, because a `group` that starts with # is read as a comment.
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^node:', message: 'A pure lib does no I/O.' },
            { regex: '^@nestjs/', message: 'Nest is in apps and libs/nest only.' },
            {
              regex: '^#(engine|agent|adapters|http|terminal|nest|sim)$',
              message: 'Against the direction of the house.',
            },
          ],
        },
      ],
    },
  },
  {
    // The verdict on a signature follows from its arguments; dependency-cruiser keeps everything else out of this file.
    files: ['libs/kinds/src/x509/signature.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:crypto', allowImportNames: ['createPublicKey', 'verify'] }] },
      ],
    },
  },
  {
    files: ['libs/**/*.ts', 'test/**/*.ts'],
    ignores: ['libs/nest/**', ...PURE.map((lib) => `libs/${lib}/src/**`)],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^@nestjs/', message: 'Nest is in apps and libs/nest only.' }] },
      ],
    },
  },
  {
    // The wall clock dates events and certificates; whoever measures how long something takes would be fooled when it is set.
    files: ['libs/{ports,engine,node-gateway,scaler,agent,http,nest,adapters}/src/**/*.ts', 'apps/**/*.ts'],
    ignores: [
      '**/*.spec.ts',
      '**/testing/**',
      '**/testing.ts',
      'libs/adapters/src/clock/**',
      'libs/adapters/src/keys/**',
      // Docker is asked for events since an instant of its own wall clock, and gRPC takes its deadlines as dates.
      'libs/adapters/src/runtime/docker/events.ts',
      'libs/adapters/src/prober/grpc-health.ts',
      'libs/adapters/src/event-log/event-store-db/access.ts',
    ],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'Date',
          property: 'now',
          message: 'Measure with performance.now() or Clock.monotonic(); for a date ask Clock.now().',
        },
      ],
    },
  },
  {
    // A describe is a function of the length of all its tests.
    files: ['**/*.spec.ts', '**/*.contract.ts', 'test/**/*.ts', '**/testing/**'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['apps/*/main.ts'],
    rules: { 'max-lines': ['error', { max: 25 }] },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    rules: { 'no-var': 'error', 'prefer-const': 'error', eqeqeq: ['error', 'smart'], 'no-fallthrough': 'error' },
  },
);
