export { defaultIngressClass, ingressClasses } from './default-class.js';
export * from './schema.js';
