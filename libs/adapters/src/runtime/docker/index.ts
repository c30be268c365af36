export { DockerRuntime, networkName } from './docker-runtime.js';
export { infraArchive, waitingProgram } from './infra-image.js';
export { INFRA_IMAGE } from './infra-image.js';
export { labelNames as dockerLabels } from './labels.js';
