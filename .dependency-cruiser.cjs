// Directions of the house: std ← meta ← model ← kinds ← loops; ports use model and below; engine uses ports and takes kinds
// and loops as values; scaler measures by ports and the bus; agent carries out the kubelet loop by ports; adapters do I/O; http uses engine; nest wires; apps compose.
const lib = (names) => `^libs/(${names.join('|')})/`;

/** Each lib may use these and itself. */
const MAY_USE = {
  std: [],
  meta: ['std'],
  cel: ['std', 'meta'],
  model: ['std', 'meta', 'cel'],
  pod: ['std', 'meta', 'model'],
  kinds: ['std', 'meta', 'cel', 'model', 'pod'],
  loops: ['std', 'meta', 'cel', 'model', 'pod', 'kinds'],
  ports: ['std', 'meta', 'cel', 'model'],
  engine: ['std', 'meta', 'cel', 'model', 'ports'],
  'node-gateway': ['std', 'meta', 'cel', 'model', 'pod', 'kinds', 'loops', 'ports', 'engine'],
  scaler: ['std', 'meta', 'cel', 'model', 'pod', 'kinds', 'loops', 'ports', 'engine'],
  agent: ['std', 'meta', 'cel', 'model', 'pod', 'kinds', 'loops', 'ports', 'engine'],
  adapters: ['std', 'meta', 'cel', 'model', 'ports'],
  http: ['std', 'meta', 'cel', 'model', 'pod', 'kinds', 'ports', 'engine'],
  sim: [
    'std',
    'meta',
    'cel',
    'model',
    'pod',
    'kinds',
    'loops',
    'ports',
    'engine',
    'node-gateway',
    'scaler',
    'agent',
    'adapters',
  ],
  terminal: ['std'],
  nest: [
    'std',
    'meta',
    'cel',
    'model',
    'pod',
    'kinds',
    'loops',
    'ports',
    'engine',
    'node-gateway',
    'scaler',
    'agent',
    'adapters',
    'http',
    'terminal',
  ],
};
const PURE = ['std', 'meta', 'cel', 'model', 'pod', 'kinds', 'loops'];
/** Specs may reach for what they test with: memory adapters, testing helpers. */
const NO_SPEC = '\\.(spec|contract)\\.ts$|/testing/|/testing\\.ts$|/test-[^/]+\\.ts$';

module.exports = {
  forbidden: [
    ...Object.entries(MAY_USE).map(([name, used]) => ({
      name: `${name}-direction`,
      comment: `libs/${name} uses ${used.join(', ') || 'nothing'}`,
      severity: 'error',
      from: { path: lib([name]), pathNot: NO_SPEC },
      to: { path: '^(libs|apps|test|tools)/', pathNot: lib([name, ...used]) },
    })),
    {
      name: 'by-the-door',
      comment: 'A lib is imported by its index only.',
      severity: 'error',
      from: { path: '^(libs|apps)/([^/]+)/', pathNot: NO_SPEC },
      to: { path: '^libs/[^/]+/src/', pathNot: '^libs/$2/|^libs/[^/]+/src/(testing/)?index\\.ts$' },
    },
    {
      name: 'no-cycles',
      comment: 'Imports of types count: files that need each other are one thing, or what both need stands below them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'kinds-apart',
      comment: 'Kinds do not know each other. (Event is one kind under two groups.)',
      severity: 'error',
      from: {
        path: '^libs/kinds/src/([^/]+/[^/]+)/',
        pathNot: [NO_SPEC, '^libs/kinds/src/(pod-template|admission)/', '^libs/kinds/src/(core|events)/event/'],
      },
      to: {
        path: '^libs/kinds/src/[^/]+/[^/]+/',
        pathNot: '^libs/kinds/src/($1|pod-template|admission)/',
      },
    },
    {
      name: 'pure-libs-do-no-io',
      comment:
        'RE2JS matches texts, asn1js reads DER, crypto hashes in std/hash.ts and verifies in one file of kinds; none of them does ' +
        'anything else, and all of it follows from the arguments.',
      severity: 'error',
      from: {
        path: lib(PURE),
        pathNot: [NO_SPEC, '^libs/std/src/hash\\.ts$', '^libs/kinds/src/x509/signature\\.ts$'],
      },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'],
        pathNot: 'node_modules/(re2js|asn1js)/',
      },
    },
    {
      name: 'signatures-need-crypto-alone',
      severity: 'error',
      from: { path: '^libs/kinds/src/x509/signature\\.ts$' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'], pathNot: '^crypto$' },
    },
    {
      name: 'only-adapters-touch-the-world',
      comment:
        'Engine, ports and http speak to logs, buses and engines through ports. (http serves sockets: that is its duty.)',
      severity: 'error',
      from: { path: lib(['ports', 'engine', 'node-gateway', 'scaler', 'agent']), pathNot: NO_SPEC },
      to: { dependencyTypes: ['core', 'npm', 'npm-optional', 'npm-peer'] },
    },
    {
      name: 'nest-inside',
      severity: 'error',
      from: { path: '^libs/', pathNot: '^libs/nest/' },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'commands-begin-at-once',
      comment: 'What asks the API only does not load the house for it: that would take longer than the answer.',
      severity: 'error',
      from: { path: '^apps/cli/(at|cluster|history|request|resource|secrets|status|top)\\.ts$' },
      to: { path: '^libs/', pathNot: lib(['std', 'meta', 'terminal']) },
    },
    {
      name: 'apps-apart',
      comment: 'Apps talk over the bus. Only standalone composes the modules of the others.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/standalone/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'standalone-takes-modules',
      severity: 'error',
      from: { path: '^apps/standalone/' },
      to: { path: '^apps/', pathNot: '^apps/standalone/|\\.module\\.ts$' },
    },
    {
      name: 'no-dev-packages',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: NO_SPEC },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
