/** Issuers, policies and the keys they lead to, as the gateway tells of them. */

import type { Issuer, Policy, TargetKey } from '../../../src/workload-identity/answers.ts';

export type { Issuer, Policy, TargetKey };

export type IssuerFields = Omit<Issuer, 'id' | 'created_at' | 'updated_at'>;
export type PolicyFields = Omit<Policy, 'id' | 'condition' | 'created_at' | 'updated_at'>;
