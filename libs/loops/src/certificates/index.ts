export { certificateApproving } from './approving.js';
export { certificateCleaning } from './cleaning.js';
export { certificateSigning } from './signing.js';
