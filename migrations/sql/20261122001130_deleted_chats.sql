-- The pages offer to take a deletion back before they ask for it; once it is asked for there is no way back.
comment on column chats.deleted_at is 'Since when it is deleted, for good.';
