import { f, type Infer, int32, int64, intOrString, list, named, object, req, string } from '#model';

export const execAction = object('io.k8s.api.core.v1.ExecAction', 'A command that is run in the container.', {
  command: f(list(string), 1, 'The command and its arguments; no shell is put around it.', { listType: 'atomic' }),
});
export type ExecAction = Infer<typeof execAction>;

export const grpcAction = object('io.k8s.api.core.v1.GRPCAction', 'A call of the gRPC health service.', {
  port: req(int32, 1, 'Port of the service.'),
  service: f(string, 2, 'Service name to ask about; empty asks about the server as a whole.', {
    fill: '',
    always: null,
    pointer: true,
  }),
});
export type GRPCAction = Infer<typeof grpcAction>;

export const httpHeader = object('io.k8s.api.core.v1.HTTPHeader', 'A header of an HTTP request.', {
  name: req(string, 1, 'Name of the header.'),
  value: req(string, 2, 'Its value.'),
});
export type HTTPHeader = Infer<typeof httpHeader>;

export const httpGetAction = object('io.k8s.api.core.v1.HTTPGetAction', 'A GET request over HTTP.', {
  path: f(string, 1, 'Path to ask for.', { fill: '/' }),
  port: req(intOrString, 2, 'Port by number, or by its name in the container.', { always: 0 }),
  host: f(string, 3, "Host to connect to; the pod's own address where nothing is said."),
  scheme: f(named('v1.URIScheme'), 4, 'HTTP or HTTPS.', { fill: 'HTTP' }),
  httpHeaders: f(list(httpHeader), 5, 'Headers to send.', { listType: 'atomic' }),
});
export type HTTPGetAction = Infer<typeof httpGetAction>;

export const tcpSocketAction = object('io.k8s.api.core.v1.TCPSocketAction', 'A connection that must be accepted.', {
  port: req(intOrString, 1, 'Port by number, or by its name in the container.', { always: 0 }),
  host: f(string, 2, "Host to connect to; the pod's own address where nothing is said."),
});
export type TCPSocketAction = Infer<typeof tcpSocketAction>;

export const probe = object('io.k8s.api.core.v1.Probe', 'A check of a container that is repeated while it runs.', {
  exec: f(execAction, 1, 'Command that must end with 0.', { inline: [1] }),
  httpGet: f(httpGetAction, 2, 'Request that must be answered with a status from 200 to 399.', { inline: [1] }),
  tcpSocket: f(tcpSocketAction, 3, 'Port that must accept a connection.', { inline: [1] }),
  grpc: f(grpcAction, 4, 'Health call that must answer SERVING.', { inline: [1] }),
  initialDelaySeconds: f(int32, 2, "Seconds from the container's start to the first check."),
  timeoutSeconds: f(int32, 3, 'Seconds after which one check counts as failed.', { fill: 1 }),
  periodSeconds: f(int32, 4, 'Seconds from check to check.', { fill: 10 }),
  successThreshold: f(int32, 5, 'Successes in a row after which a failed check has passed again.', { fill: 1 }),
  failureThreshold: f(int32, 6, 'Failures in a row after which the check has failed.', { fill: 3 }),
  terminationGracePeriodSeconds: f(
    int64,
    7,
    "Grace of a container that this check has failed; the pod's where nothing is said.",
    { pointer: true },
  ),
});
export type Probe = Infer<typeof probe>;

export const sleepAction = object('io.k8s.api.core.v1.SleepAction', 'A pause.', {
  seconds: req(int64, 1, 'How long it lasts.'),
});
export type SleepAction = Infer<typeof sleepAction>;

export const lifecycleHandler = object(
  'io.k8s.api.core.v1.LifecycleHandler',
  "What is done at a turn of a container's life.",
  {
    exec: f(execAction, 1, 'A command to run in the container.'),
    httpGet: f(httpGetAction, 2, 'A request to make.'),
    tcpSocket: f(tcpSocketAction, 3, 'Kept for old objects; it does nothing.'),
    sleep: f(sleepAction, 4, 'A pause to make.'),
  },
);
export type LifecycleHandler = Infer<typeof lifecycleHandler>;

export const lifecycle = object(
  'io.k8s.api.core.v1.Lifecycle',
  'What is done when a container starts and before it ends.',
  {
    postStart: f(lifecycleHandler, 1, 'Done right after the start; a failure ends the container.'),
    preStop: f(lifecycleHandler, 2, 'Done before the container is told to end.'),
    stopSignal: f(named('v1.Signal'), 3, 'Signal that tells the container to end.', { pointer: true }),
  },
);
export type Lifecycle = Infer<typeof lifecycle>;
