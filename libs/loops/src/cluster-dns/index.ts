export { answer } from './answer.js';
export { ClusterZone } from './zone.js';
