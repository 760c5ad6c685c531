"""Staffroom runs teacher chats on Bluesky and Mastodon, and keeps what teachers said, if they agree."""
