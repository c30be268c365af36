export { namespace } from './ending.js';
export { bootstrap } from './bootstrap.js';
