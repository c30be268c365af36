export { FakeRuntime } from './fake-runtime.js';
export type { FakeFault, FakeOperation, FakeProgram, FakeRuntimeOptions } from './fake-runtime.js';
export { FakeProber } from './fake-prober.js';
