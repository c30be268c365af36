export { mutatingAdmissionWebhook } from './mutating.js';
export { validatingAdmissionWebhook } from './validating.js';
