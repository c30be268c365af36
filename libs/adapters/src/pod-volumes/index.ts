export { FilePodVolumes } from './file-pod-volumes.js';
export type { FilePodVolumesOptions } from './file-pod-volumes.js';
export { MemoryPodVolumes } from './memory-pod-volumes.js';
