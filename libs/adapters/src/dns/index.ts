export { SocketNameServer, type SocketNameServerOptions } from './socket-name-server.js';
