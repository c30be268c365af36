export { eventGarbageCollection } from './events.js';
export { garbageCollection } from './garbage-collection.js';
export { podGarbageCollection } from './pods.js';
