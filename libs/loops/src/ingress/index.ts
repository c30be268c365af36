export { IngressTable } from './ingress-table.js';
