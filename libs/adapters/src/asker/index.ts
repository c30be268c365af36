export * from './certificate-signer.js';
export * from './https-asker.js';
export * from './scripted-asker.js';
