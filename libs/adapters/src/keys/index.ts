export * from './api-certificate.js';
export * from './key-store.js';
export * from './file-key-store.js';
export * from './kubeconfig.js';
export { SealBroken } from './object-sealer.js';
export * from './stored-keys.js';
