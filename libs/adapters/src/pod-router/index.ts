export { KernelPodRouter, type KernelPodRouterOptions } from './kernel-pod-router.js';
export { MemoryPaths } from './memory-path-prober.js';
export { MemoryPodRouter } from './memory-pod-router.js';
export { UdpPathProber } from './udp-path-prober.js';
