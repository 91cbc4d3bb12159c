import { GEOPM_ACTIONS } from "#core/act/geopm-actions.ts";
import type { ActionRequest } from "#core/act/request.ts";

export type PowerRequest = ActionRequest & { readonly action: keyof typeof GEOPM_ACTIONS };

export function isPowerRequest(request: ActionRequest): request is PowerRequest {
  return Object.hasOwn(GEOPM_ACTIONS, request.action);
}
