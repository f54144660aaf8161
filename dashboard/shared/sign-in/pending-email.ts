/** The address that waits for its confirmation, on the way from one page to the next; in no address bar and no storage. */
let pendingEmail = '';

export const setPendingEmail = (email: string): void => {
  pendingEmail = email;
};
export const readPendingEmail = (): string => pendingEmail;
