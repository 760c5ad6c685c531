// What all chats have in common; each has its own data in front of it.
export default {
  layout: "chat.njk",
  tags: ["chat"],
  permalink: (data) => `${data.id}/index.html`,
};
