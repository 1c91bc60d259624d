-- Images are remembered by name and id, so that one that was moved under the same name is another one.

comment on column user_containers.image is 'Image of the present generation, as name#id; older rows have the name alone.';
comment on column user_containers.good_image is 'The image with which it last became ready, as name#id.';
comment on column user_containers.refused_image is 'An image with which it did not become ready, as name#id: not tried again by itself.';
comment on column user_containers.asked_image is 'The image that was the newest when somebody last asked for it anew, as name#id; counts where images are not updated by themselves.';
