export { Aggregator, MetricSource, type AggregatorOptions } from './aggregation/index.js';
export { createApi, DEFAULT_ISSUER, VERSION, type Api, type ApiOptions } from './api.js';
export type { AnyResponse } from './answer.js';
export { AuditPolicy } from './audit/policy.js';
export type { AnyRequest } from './authenticate.js';
export type { Backend, LogStream } from './backend.js';
export { createApiServer, renewTls, type TlsOptions } from './server.js';
export { statusOf } from './status.js';
export { issueToken } from './issue-token.js';
