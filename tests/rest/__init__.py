"""What is asked of Twilio: the client, and a server that plays Twilio's REST API."""
