export { attributesOf, type RequestAttributes, type VersionedResource } from './attributes.js';
export { matchResources, type MatchResources } from './match-resources.js';
export { matchingVersion, type MatchPolicy, type ResourceRule } from './rules.js';
export { namespaceSelected, objectSelected } from './selectors.js';
