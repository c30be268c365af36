import { f, type Infer, int32, int64, intOrString, list, object, req, string } from '#model';

export const execAction = object('io.k8s.api.core.v1.ExecAction', '', {
  command: f(list(string), 1, '', { listType: 'atomic' }),
});
export type ExecAction = Infer<typeof execAction>;

export const grpcAction = object('io.k8s.api.core.v1.GRPCAction', '', {
  port: req(int32, 1, ''),
  service: f(string, 2, '', { fill: '', always: null, pointer: true }),
});
export type GRPCAction = Infer<typeof grpcAction>;

export const httpHeader = object('io.k8s.api.core.v1.HTTPHeader', '', {
  name: req(string, 1, ''),
  value: req(string, 2, ''),
});
export type HTTPHeader = Infer<typeof httpHeader>;

export const httpGetAction = object('io.k8s.api.core.v1.HTTPGetAction', '', {
  host: f(string, 3, ''),
  httpHeaders: f(list(httpHeader), 5, '', { listType: 'atomic' }),
  path: f(string, 1, '', { fill: '/' }),
  port: req(intOrString, 2, '', { always: 0 }),
  scheme: f(string, 4, '', { fill: 'HTTP' }),
});
export type HTTPGetAction = Infer<typeof httpGetAction>;

export const tcpSocketAction = object('io.k8s.api.core.v1.TCPSocketAction', '', {
  host: f(string, 2, ''),
  port: req(intOrString, 1, '', { always: 0 }),
});
export type TCPSocketAction = Infer<typeof tcpSocketAction>;

export const probe = object('io.k8s.api.core.v1.Probe', '', {
  exec: f(execAction, 1, '', { inline: [1] }),
  failureThreshold: f(int32, 6, '', { fill: 3 }),
  grpc: f(grpcAction, 4, '', { inline: [1] }),
  httpGet: f(httpGetAction, 2, '', { inline: [1] }),
  initialDelaySeconds: f(int32, 2, ''),
  periodSeconds: f(int32, 4, '', { fill: 10 }),
  successThreshold: f(int32, 5, '', { fill: 1 }),
  tcpSocket: f(tcpSocketAction, 3, '', { inline: [1] }),
  terminationGracePeriodSeconds: f(int64, 7, '', { pointer: true }),
  timeoutSeconds: f(int32, 3, '', { fill: 1 }),
});
export type Probe = Infer<typeof probe>;

export const sleepAction = object('io.k8s.api.core.v1.SleepAction', '', {
  seconds: req(int64, 1, ''),
});
export type SleepAction = Infer<typeof sleepAction>;

export const lifecycleHandler = object('io.k8s.api.core.v1.LifecycleHandler', '', {
  exec: f(execAction, 1, ''),
  httpGet: f(httpGetAction, 2, ''),
  sleep: f(sleepAction, 4, ''),
  tcpSocket: f(tcpSocketAction, 3, ''),
});
export type LifecycleHandler = Infer<typeof lifecycleHandler>;

export const lifecycle = object('io.k8s.api.core.v1.Lifecycle', '', {
  postStart: f(lifecycleHandler, 1, ''),
  preStop: f(lifecycleHandler, 2, ''),
  stopSignal: f(string, 3, '', { pointer: true }),
});
export type Lifecycle = Infer<typeof lifecycle>;
