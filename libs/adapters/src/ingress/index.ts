export { HttpIngressServer } from './http-ingress-server.js';
