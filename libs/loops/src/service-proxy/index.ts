export type { ProxyPlace, Redirect } from './endpoints.js';
export { frontendsOf } from './frontends.js';
export { ServiceTable } from './service-table.js';
