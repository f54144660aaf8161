import { request } from '../api/request.ts';

export const signOut = (): Promise<void> => request('POST', '/api/auth/sign-out');
