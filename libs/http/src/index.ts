export { createApi, DEFAULT_ISSUER, VERSION, type Api, type ApiOptions } from './api.js';
export type { AnyResponse } from './answer.js';
export { accountOf, ANONYMOUS, type AnyRequest } from './authenticate.js';
export { bootstrapPolicy, type Attributes, type Authorizer } from './authorize.js';
export type { Backend, LogStream } from './backend.js';
export { createApiServer, type TlsOptions } from './server.js';
export { statusOf } from './status.js';
export { issueToken, type IssuedToken, type TokenWish } from './issue-token.js';
