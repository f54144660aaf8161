import { requestData } from '../../../shared/api/request.ts';

export interface DeviceDecision {
  readonly user_code: string;
  readonly decision: 'approve' | 'deny';
  readonly key_label?: string;
  readonly limit?: string;
  readonly usage_limit_type?: string;
  readonly expires_at?: string;
  readonly workspace_id?: string;
}

export const decideDevice = (decision: DeviceDecision): Promise<void> =>
  requestData('POST', '/api/dashboard/device', { body: decision });
