export { KernelPodRouter, type KernelPodRouterOptions } from './kernel-pod-router.js';
export { MemoryPodRouter } from './memory-pod-router.js';
